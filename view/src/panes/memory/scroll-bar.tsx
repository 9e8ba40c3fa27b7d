/** The bar beside the hex view: the whole address space with what is mapped in it, and a thumb. */
import { useRef } from 'preact/hooks';
import { useBox } from '../../components/use-box.ts';
import { hex } from '../../format.ts';
import { ADDRESS_SPACE } from './hex-layout.ts';
import { condensed } from './regions.ts';
import { type ScrollState, scrollTo, scrollToThumb, thumb } from './scroll.ts';
import { pieces } from './state.ts';

export function ScrollBar(props: { readonly scroll: ScrollState; readonly width: number; readonly onScroll: (next: ScrollState) => void }) {
  const { scroll, width } = props;
  const { element: bar, height, ref } = useBox<HTMLDivElement>();
  const grip = useRef(0);
  const { start, length } = thumb(scroll, Math.max(1, height));
  const regions = condensed(pieces.value.flatMap((piece) => (piece.kind === 'hole' ? [] : [piece.region])));
  const move = (event: PointerEvent) => {
    const top = bar.current!.getBoundingClientRect().top;
    props.onScroll(scrollToThumb(scroll, event.clientY - top - grip.current, height));
  };
  const address = Math.floor(scroll.top) * width;
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the rows beside it take the keys
    <div
      ref={ref}
      class="memory-bar"
      role="scrollbar"
      aria-label="Place in the address space"
      aria-controls="memory-rows"
      aria-orientation="vertical"
      aria-valuemin={0}
      aria-valuemax={ADDRESS_SPACE - 1}
      aria-valuenow={address}
      aria-valuetext={hex(address)}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        const y = event.clientY - event.currentTarget.getBoundingClientRect().top;
        const inside = y >= start && y <= start + length;
        grip.current = inside ? y - start : length / 2;
        if (!inside) {
          // A click means the address at which it is, exactly.
          props.onScroll(scrollTo(scroll, Math.floor((y / height) * scroll.rows)));
          grip.current = length / 2;
        }
      }}
      onPointerMove={(event) =>
        event.currentTarget.hasPointerCapture(event.pointerId) && event.buttons === 1 && event.movementY !== 0 && move(event)
      }
    >
      {regions.map((region) => (
        <span
          key={`${region.base}`}
          class={`memory-bar-region memory-region-${region.kind}`}
          style={{ top: `${(region.base / ADDRESS_SPACE) * 100}%`, height: `max(2px, ${(region.size / ADDRESS_SPACE) * 100}%)` }}
        />
      ))}
      <span class="memory-thumb" style={{ top: `${start}px`, height: `${length}px` }} />
    </div>
  );
}
