# NXP's "Inter-core communication between Linux and Zephyr": client sample and tty; imx8mp_rpmsg.elf does what openamp_rsc_table does.
ls -la /sys/class/remoteproc/
echo -n imx8mp_rpmsg.elf > /sys/class/remoteproc/remoteproc0/firmware
echo start > /sys/class/remoteproc/remoteproc0/state
dmesg -n 5
modprobe rpmsg_client_sample
sleep 1
dmesg | grep -c 'incoming msg'
dmesg | grep client_sample | head -2
dmesg | tail -1
modprobe rpmsg_tty
ls /dev/ttyRPMSG*
cat /dev/ttyRPMSG0 &
echo "Hello Zephyr" > /dev/ttyRPMSG0
sleep 0.1
jobs
kill %1
sleep 0.1
