/*
 * The base of the images with a broken resource table: build.mjs makes each by changing a few bytes of this one's table, which is
 * sound. The program itself only sleeps; what there is to see is what Linux says.
 */
#include "cortex-m.h"
#include "resource-table.h"

RESOURCE_TABLE struct {
	uint32_t header[4];
	uint32_t offset[1];
	struct fw_rsc_vdev vdev;
	struct fw_rsc_vdev_vring room; /* for a variant that claims three vrings */
} resource_table = {
	.header = { RSC_TABLE_VERSION, 1 },
	.offset = { __builtin_offsetof(__typeof__(resource_table), vdev) },
	.vdev = RPMSG_VDEV(FW_RSC_ADDR_ANY, FW_RSC_ADDR_ANY),
};

int main(void)
{
	for (;;) wait_for_interrupt();
}
