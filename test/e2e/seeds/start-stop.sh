# "Asymmetric Multiprocessing with the NXP i.MX 95 and Zephyr": remoteproc by its directory, with a file of one's home. Linux 6.1 looks for
# firmware in /lib/firmware alone, so that step is refused; then what else is refused, and starting and stopping again and again.
cp /lib/firmware/zephyr_openamp_rsc_table.elf ~/zephyr.elf
cd /sys/devices/platform/imx8mp-cm7/remoteproc/remoteproc0/
cat name state firmware
echo ~/zephyr.elf > firmware
echo start > state
cp ~/zephyr.elf /lib/firmware/
echo zephyr.elf > firmware
echo start > state
cat state
echo start > state
echo other.elf > firmware
echo stop > state
cat state
echo stop > state
cat state
echo stop > state
echo maybe > state
echo nothing.elf > firmware
echo start > state
cat state
for i in 1 2 3; do echo zephyr.elf > firmware; echo start > state; cat state; echo stop > state; done | uniq -c
