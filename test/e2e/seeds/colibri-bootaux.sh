# The same thread: colibri-bootaux.uboot has its lines for U-Boot; 2. of it: whatever bootaux was given, the status is okay.
cat /sys/firmware/devicetree/base/soc/bus@30800000/rpmsg/status; echo
hexdump -C /sys/firmware/devicetree/base/memory@80000000/linux,usable-memory
dmesg | grep -ic "rpmsg host is online"
