/** The firmware that comes with the page, each with what makes it interesting. */
import echo from '../../images/imx8mp_echo.elf?url';
import fault from '../../images/imx8mp_fault.elf?url';
import hello from '../../images/imx8mp_hello.elf?url';
import noTable from '../../images/imx8mp_no_table.elf?url';
import pingpong from '../../images/imx8mp_pingpong.elf?url';
import rpmsg from '../../images/imx8mp_rpmsg.elf?url';

/** One of them. */
export interface ShippedImage {
  readonly name: string;
  readonly text: string;
  readonly url: string;
  readonly until: string;
  readonly send: string;
}

export const IMAGES: readonly ShippedImage[] = [
  {
    name: 'imx8mp_rpmsg.elf',
    text: 'RPMsg: 100 messages with Linux, and a tty',
    url: rpmsg,
    until: 'goodbye!',
    send: 'ttyRPMSG0=Hello from the browser\\n',
  },
  { name: 'imx8mp_pingpong.elf', text: "ping-pong with NXP's module", url: pingpong, until: '^Looping forever', send: '' },
  { name: 'imx8mp_echo.elf', text: "echo on NXP's teletype channel", url: echo, until: '', send: 'ttyRPMSG30=Toradex!\\n' },
  { name: 'imx8mp_hello.elf', text: 'hello world', url: hello, until: 'hello world', send: '' },
  { name: 'imx8mp_fault.elf', text: 'a fault, and its report', url: fault, until: '', send: '' },
  { name: 'imx8mp_no_table.elf', text: 'no resource table: why nothing happens', url: noTable, until: '', send: '' },
];
