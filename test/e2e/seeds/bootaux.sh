# Toradex' community, "iMX7D 5.4.x kernel. Launching M4 FW using remoteproc": bootaux.uboot has its lines for U-Boot; Linux attaches.
cat /sys/class/remoteproc/remoteproc0/state
dmesg | grep remoteproc
cat /proc/cmdline
modprobe rpmsg_tty
cat /dev/ttyRPMSG0 &
echo "Hello Zephyr" > /dev/ttyRPMSG0
kill %1
echo detach > /sys/class/remoteproc/remoteproc0/state
echo stop > /sys/class/remoteproc/remoteproc0/state
cat /sys/class/remoteproc/remoteproc0/state
