# The same thread, 4.: without bootaux the status is disabled, though the tree says okay, and nobody probes the node.
cat /sys/firmware/devicetree/base/soc/bus@30800000/rpmsg/status; echo
dmesg | grep -i rpmsg
ls /sys/bus/rpmsg/devices
cat /sys/devices/soc0/soc_id
uname -m
