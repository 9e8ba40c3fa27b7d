/**
 * What Linux's messages about a firmware mean, in plain words, and what to do about each: dmesg names the symptom, seldom the cause.
 *
 * The messages are those of Linux 6.1's remoteproc, imx_rproc, virtio_ring and virtio_rpmsg_bus, and of its device tree code; what the ELF or the
 * tree alone shows is for firmware-lint and tree-lint.
 */

/** A kernel message explained. */
export interface KernelHint {
  readonly text: string;
  readonly remedy: string;
}

const HINTS: readonly (KernelHint & { readonly message: RegExp })[] = [
  {
    message: /^OF: reserved mem: OVERLAP DETECTED!$/,
    text: 'two regions of reserved memory in the device tree overlap, as the next line says; each side would write over the other',
    remedy: 'move one of them, or make it smaller; imx-sim dts shows the tree',
  },
  {
    message: /^imx-rproc \S+: .*failed to request (tx|rx) mailbox channel$/,
    text: 'the node of the remoteproc names no mailbox channel that Linux can have: a wrong mboxes or mbox-names, or another driver (imx_rpmsg) has it',
    remedy: 'let mboxes say <&mu 0 1>, <&mu 1 1>, <&mu 3 1> with mbox-names "tx", "rx", "rxdb", in one node that is not disabled',
  },
  {
    message: /^imx-rproc \S+: unable to acquire memory-region$/,
    text: 'memory-region names a node that is no available child of /reserved-memory',
    remedy: 'define all regions of memory-region there',
  },
  {
    message: /^imx-rproc \S+: Failed to get clock$/,
    text: "the node of the remoteproc has no clocks; mainline's driver wants one, NXP's does not",
    remedy: 'add clocks = <&clk ...>, or use --kernel nxp',
  },
  {
    message: /^imx-rpmsg \S+: No vring buffer\.$/,
    text: "the node of NXP's imx_rpmsg has no reg, or one that is too small: there its vrings are, memory-region is for the buffers",
    remedy: 'add reg = <base 0x10000> for each of vdev-nums, at the address for which the firmware was built',
  },
  {
    message: /: inbound msg too big: /,
    text: 'a message is longer than its buffer: the first number is the length in the used element, the second the one in the RPMsg header',
    remedy: 'send at most 496 bytes (512 less the header of 16), and give back 16 + len bytes in the used element',
  },
  {
    message: /: malformed ns msg /,
    text: 'a name-service message has the wrong length',
    remedy: 'send 40 bytes to address 0x35: a name of 32 bytes, the address, the flags',
  },
  {
    message: /: msg received with no recipient$/,
    text: 'a message went to an address at which nobody listens; it is dropped',
    remedy: "send to the address the peer's messages come from, and not before Linux has bound a driver to the channel",
  },
  {
    message: /:id \d+ out of range$/,
    text: 'the firmware gave back a descriptor that the ring does not have; Linux uses this ring no more',
    remedy:
      'write the index of the descriptor taken from the available ring into the used element, and check the vring address and num in use',
  },
  {
    message: /:id \d+ is not a head!$/,
    text: 'the firmware gave back a descriptor that it did not hold; Linux uses this ring no more',
    remedy: 'give back each descriptor once, and only those taken from the available ring',
  },
  {
    message: /imx_rproc_kick: failed /,
    text: 'the firmware did not take the word out of its MU within 100 ms, so it does not know of the buffers',
    remedy: 'initialise the MU and enable its receive interrupt (channel 1) before Linux kicks, and read RR1 in the handler',
  },
  {
    message: /: timeout waiting for a tx buffer$/,
    text: 'the firmware has given back none of the buffers of vring 1 for 15 s',
    remedy: 'put each received buffer into the used ring and kick',
  },
  {
    message: /^remoteproc \S+: Elf class is not set$/,
    text: 'there is no core dump: imx_rproc registers memories for it, but never says of which ELF class it is',
    remedy: 'run with --recover, which makes a complete dump with registers; on a board the driver needs rproc_coredump_set_elf_info',
  },
  {
    message: /: can't detach from rproc: -95$/,
    text: 'the driver detaches only from cores that the SCU owns (8QM, 8QXP); the virtio device is gone all the same',
    remedy: 'stop the core instead',
  },
  {
    message: /: channel [^ ]+ already exist$/,
    text: 'the firmware announced a channel twice with the same name and address',
    remedy: 'announce each endpoint once',
  },
];

/** What `line` of dmesg means, if that is known; `line` has no timestamp. */
export function kernelHint(line: string): KernelHint | undefined {
  return HINTS.find(({ message }) => message.test(line));
}
