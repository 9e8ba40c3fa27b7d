# NXP's "Inter-core communication between Linux and Zephyr using OpenAMP and Resource Table": client sample and tty.
ls -la /sys/class/remoteproc/
echo -n zephyr_openamp_rsc_table.elf > /sys/class/remoteproc/remoteproc0/firmware
echo start > /sys/class/remoteproc/remoteproc0/state
dmesg -n 5
modprobe rpmsg_client_sample
dmesg
modprobe rpmsg_tty
ls /dev/ttyRPMSG*
cat /dev/ttyRPMSG0 &
echo "Hello Zephyr" > /dev/ttyRPMSG0
jobs
kill %1
echo stop > /sys/class/remoteproc/remoteproc0/state
