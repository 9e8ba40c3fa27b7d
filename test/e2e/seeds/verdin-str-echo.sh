# Toradex' community, "establish communication between the Cortex-M7 and Cortex-A53 cores on your Verdin iMX8M Plus": str_echo and ttyRPMSG30.
echo -n str_echo.elf > /sys/class/remoteproc/remoteproc0/firmware
echo start > /sys/class/remoteproc/remoteproc0/state
dmesg | grep -i rpmsg
sudo modprobe imx_rpmsg_tty
ls /dev/ttyRPMSG*
echo Toradex! > /dev/ttyRPMSG30
# The tty echoes what comes from the core, and the core echoes that: without echo it is one answer for each line.
stty -F /dev/ttyRPMSG30 -echo
cat /dev/ttyRPMSG30 &
echo "this is a test from Linux" > /dev/ttyRPMSG30
kill %1
wait
echo stop > /sys/class/remoteproc/remoteproc0/state
