/* Memory attributes for DDR shared with Linux. */
#ifndef MPU_H
#define MPU_H

/*
 * Makes 0x40000000-0xBFFFFFFF (DDR) Normal, non-cacheable, shareable memory. By default ARMv7-M takes most of that range for
 * devices, where an unaligned access faults and code cannot run.
 */
void mpu_init(void);

#endif
