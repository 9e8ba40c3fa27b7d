/* Memory attributes for DDR shared with Linux: two PMSAv7 regions over the default map (ARMv7-M ARM, B3.5). */
#include "mpu.h"

#include "cortex-m.h"

#define MPU_CTRL_ENABLE (1u << 0)
#define MPU_CTRL_PRIVDEFENA (1u << 2) /* the default map stays for everything else */
#define MPU_RBAR_VALID (1u << 4)      /* bits 3:0 select the region */
#define MPU_RASR_ENABLE (1u << 0)
#define MPU_RASR_1GIB (29u << 1)
#define MPU_RASR_S (1u << 18)
#define MPU_RASR_TEX_NORMAL_NON_CACHEABLE (1u << 19)
#define MPU_RASR_AP_FULL (3u << 24)

void mpu_init(void)
{
	for (uint32_t region = 0; region < 2; region++) {
		MPU_RBAR = (0x40000000u + region * 0x40000000u) | MPU_RBAR_VALID | region;
		MPU_RASR = MPU_RASR_AP_FULL | MPU_RASR_TEX_NORMAL_NON_CACHEABLE | MPU_RASR_S | MPU_RASR_1GIB | MPU_RASR_ENABLE;
	}
	MPU_CTRL = MPU_CTRL_ENABLE | MPU_CTRL_PRIVDEFENA;
	dsb();
	isb();
}
