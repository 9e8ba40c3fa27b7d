# The same thread: the second node works, with firmware that U-Boot has started and that has no resource table.
cat /sys/firmware/devicetree/base/soc/bus@30800000/rpmsg/status; echo
cat /sys/firmware/devicetree/base/soc/rpmsg1/status; echo
ls /sys/class/remoteproc
dmesg | grep -i rpmsg
sudo modprobe imx_rpmsg_tty
stty -F /dev/ttyRPMSG30 -echo
cat /dev/ttyRPMSG30 &
echo Toradex! > /dev/ttyRPMSG30
kill %1
