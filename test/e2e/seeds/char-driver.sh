# Toradex' community, "RPMSG character driver on Apalis IMX8QM": {"rpmsg-openamp-demo-channel", 0x2, 0x1e} through /dev/rpmsg_ctrl0.
ls /dev/rpmsg_ctrl0
echo -n str_echo.elf > /sys/class/remoteproc/remoteproc0/firmware
echo start > /sys/class/remoteproc/remoteproc0/state
ls -l /dev/rpmsg*
rpmsg_export_ept /dev/rpmsg_ctrl0 rpmsg-openamp-demo-channel 2 30
ls -l /dev/rpmsg*
head /sys/class/rpmsg/rpmsg0/{name,src,dst}
exec 3<>/dev/rpmsg0
echo -n "Hello World!" >&3
dd bs=496 count=1 status=none <&3; echo
cat /dev/rpmsg0
exec 3>&-
ls /dev/rpmsg*
rpmsg_destroy_ept /dev/rpmsg0
ls /dev/rpmsg*
# A control device that somebody holds open keeps its number.
exec 4<>/dev/rpmsg_ctrl0
echo stop > /sys/class/remoteproc/remoteproc0/state
echo start > /sys/class/remoteproc/remoteproc0/state
ls /dev/rpmsg*
