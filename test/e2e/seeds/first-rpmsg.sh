# Toradex' community, "iMX7D 5.4.x kernel. Launching M4 FW using remoteproc": the status that Linux sees, and "No vring buffer".
cat /sys/firmware/devicetree/base/soc/bus@30800000/rpmsg/status; echo
dmesg | grep -i rpmsg
