# Toradex Verdin iMX8M Plus, str_echo over the tty of imx_rpmsg_tty; imx8mp_echo.elf is our str_echo.
echo -n imx8mp_echo.elf > /sys/class/remoteproc/remoteproc0/firmware
echo start > /sys/class/remoteproc/remoteproc0/state
sleep 0.1
dmesg | grep -i rpmsg
sudo modprobe imx_rpmsg_tty
ls /dev/ttyRPMSG*
stty -F /dev/ttyRPMSG30 -echo
cat /dev/ttyRPMSG30 &
echo Toradex! > /dev/ttyRPMSG30
sleep 0.1
echo Toradex again > /dev/ttyRPMSG30
sleep 0.1
kill %1
wait
echo stop > /sys/class/remoteproc/remoteproc0/state
