/**
 * How long the modelled Linux takes for things, in nanoseconds of virtual time.
 *
 * Round figures of the order seen on an i.MX 8M Plus at 1.6 GHz with an idle system. They are constants, so that a run is a function
 * of image, SoC, options and seed; nothing depends on the host.
 */
export const LATENCY = {
  /** From an interrupt line rising to its handler. */
  interrupt: 2_000,
  /** From `queue_work` to the work function. */
  work: 5_000,
  /** From `wake_up` to the woken task's next statement. */
  wake: 5_000,
  /** From power-on to the first probe; what the kernel did before is not modelled. */
  boot: 1_000_000,
  /** Between the probes of two drivers. */
  probe: 100_000,
  /** `request_firmware` of an ELF from a warm page cache. */
  firmware: 1_000_000,
  /** SMC into TF-A that starts or stops a core. */
  smc: 20_000,
  /**
   * From a virtio device's registration to its driver's probe, while the core already runs. EVK transcripts show 5 to 12 ms between "assigned
   * reserved memory node" and "rpmsg host is online", most of it printk on a serial console. A firmware that enables its MU interrupt later than
   * this finds the first kick already latched; rpmsg_lite then loses it, on silicon as here.
   */
  vdev: 12_000_000,
  /** From a device's uevent to the module that udev loads for it. */
  udev: 20_000_000,
  /** A user's program between two system calls. */
  user: 50_000,
} as const;
