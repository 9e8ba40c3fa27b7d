# Toradex' community, the same thread: "RPMsg Ping Pong Example", request and response.
echo -n pingpong.elf > /sys/class/remoteproc/remoteproc0/firmware
echo start > /sys/class/remoteproc/remoteproc0/state
sudo modprobe imx_rpmsg_pingpong
dmesg -n 1
# The SDK of 24.12 waits two seconds before it announces itself.
sleep 4
dmesg | grep -c "get .* (src: 0x1e)"
dmesg | grep "get " | sed -n '1p;$p'
dmesg | grep goodbye
echo stop > /sys/class/remoteproc/remoteproc0/state
