# remoteproc by sysfs: started, stopped and started again, and what is refused.
cd /sys/class/remoteproc/remoteproc0
cat name state firmware
cp /lib/firmware/imx8mp_rpmsg.elf ~/zephyr.elf
cp ~/zephyr.elf /lib/firmware/
echo zephyr.elf > firmware
echo start > state
cat state
echo start > state
echo other.elf > firmware
sleep 0.1
echo stop > state
cat state
echo stop > state
echo start > state
cat state
echo stop > state
echo nothing.elf > firmware
echo start > state
echo maybe > state
cat state
for i in 1 2 3; do echo zephyr.elf > firmware; echo start > state; cat state; echo stop > state; done | uniq -c
