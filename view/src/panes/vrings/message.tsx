/** The buffer of the descriptor that is selected: rpmsg header, name service, text, bytes. */
import type { Vring } from '../../../../src/view/protocol.ts';
import { Hex } from '../../components/address.tsx';
import { IconButton } from '../../components/button.tsx';
import { dump, fromBase64, hex } from '../../format.ts';
import { descriptorFlags } from './decode.ts';

export function Message({ ring, index, onClose }: { readonly ring: Vring; readonly index: number; readonly onClose: () => void }) {
  const descriptor = ring.descriptors[index];
  if (!descriptor) return null;
  const { message } = descriptor;
  const announced = message?.nameService;
  return (
    <section class="vrings-message" aria-label={`Descriptor ${index}`}>
      <header>
        <h3>Descriptor {index}</h3>
        <Hex value={descriptor.address} memory="linux" />
        <span class="muted">
          {descriptor.length} bytes · {descriptorFlags(descriptor.flags)}
        </span>
        <span class="spacer" />
        <IconButton icon="close" label="Close" onClick={onClose} />
      </header>
      {message ? (
        <div class="vrings-message-body">
          <dl class="vrings-fields">
            <dt>src</dt>
            <dd class="mono">{hex(message.src, 1)}</dd>
            <dt>dst</dt>
            <dd class="mono">
              {hex(message.dst, 1)} {message.dst === 53 && <span class="muted">name service</span>}
            </dd>
            <dt>len</dt>
            <dd class="mono">{message.length}</dd>
            <dt>flags</dt>
            <dd class="mono">{hex(message.flags, 1)}</dd>
            {announced && (
              <>
                <dt>{announced.flags === 'destroy' ? 'destroys' : 'creates'}</dt>
                <dd>
                  <b>{announced.name}</b> <span class="mono muted">at {hex(announced.address, 1)}</span>
                </dd>
              </>
            )}
          </dl>
          <pre class="vrings-dump">
            {dump(fromBase64(message.data)).map(({ offset, hex: row, text }) => (
              <span key={offset}>
                <i>{offset}</i> {row.padEnd(47)} <b>{text}</b>
                {'\n'}
              </span>
            ))}
          </pre>
        </div>
      ) : (
        <p class="muted vrings-none">No message has been in this buffer yet.</p>
      )}
    </section>
  );
}
