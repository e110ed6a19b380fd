import type { SlopePoint } from '../slope.ts';

const WIDTH = 720;
const HEIGHT = 300;
const MARGIN = { left: 64, right: 16, top: 40, bottom: 44 };

/** Seconds and peak memory over rows, side by side, as an SVG that is readable on light and dark pages. */
export const slopeSvg = (points: readonly SlopePoint[]): string => {
  const panels = [
    panel('seconds', 0, points, ({ seconds }) => seconds, 'log'),
    panel('peak memory of the function, MB', WIDTH / 2, points, ({ peakBytes }) => peakBytes / 1e6, 'linear'),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">
<title>Seconds and peak memory over rows</title>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>
${panels.join('\n')}
</svg>
`;
};

type Scale = 'log' | 'linear';

const panel = (
  title: string,
  left: number,
  points: readonly SlopePoint[],
  measure: (point: SlopePoint) => number,
  scale: Scale,
): string => {
  const right = left + WIDTH / 2 - MARGIN.right;
  const bottom = HEIGHT - MARGIN.bottom;
  const values = points.map(measure);
  const x = axis(powersAround(points.map(({ rowCount }) => rowCount)), 'log', left + MARGIN.left, right);
  const y = axis(scale === 'log' ? powersAround(values) : [0, 1.25 * Math.max(...values)], scale, bottom, MARGIN.top);
  const places = points.map((point) => [x.at(point.rowCount), y.at(measure(point))] as const);
  return [
    text(left + MARGIN.left, MARGIN.top - 18, 'start', title, 'bold'),
    ...y.ticks.map(
      (tick) =>
        `<path d="M${left + MARGIN.left} ${round(y.at(tick))}H${right}" stroke="#dddddd"/>${text(left + MARGIN.left - 6, y.at(tick) + 4, 'end', short(tick))}`,
    ),
    ...x.ticks.map((tick) => text(x.at(tick), bottom + 18, 'middle', short(tick))),
    text((left + MARGIN.left + right) / 2, HEIGHT - 8, 'middle', 'rows'),
    `<polyline fill="none" stroke="#0b6bcb" stroke-width="2" points="${places.map(([px, py]) => `${round(px)},${round(py)}`).join(' ')}"/>`,
    ...places.map(
      ([px, py], index) =>
        `<circle cx="${round(px)}" cy="${round(py)}" r="4" fill="#0b6bcb"/>${text(px, py - 9, 'middle', short(values[index]!))}`,
    ),
  ].join('\n');
};

const axis = ([from, to]: readonly [number, number], scale: Scale, start: number, end: number) => {
  const position = scale === 'log' ? Math.log10 : (value: number) => value;
  const [low, high] = [position(from), position(to)];
  const steps = scale === 'log' ? Math.round(high - low) : 4;
  const ticks = Array.from({ length: steps + 1 }, (_, step) =>
    scale === 'log' ? 10 ** (low + step) : from + ((to - from) * step) / steps,
  );
  return { ticks, at: (value: number): number => start + ((position(value) - low) / (high - low)) * (end - start) };
};

/** The powers of ten below and above, never the same. */
const powersAround = (values: readonly number[]): [number, number] => {
  const low = Math.floor(Math.log10(Math.min(...values)));
  return [10 ** low, 10 ** Math.max(Math.ceil(Math.log10(Math.max(...values))), low + 1)];
};

const text = (x: number, y: number, anchor: string, label: string, weight = 'normal'): string =>
  `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" font-weight="${weight}" fill="#333333">${label}</text>`;

const round = (value: number): string => value.toFixed(1);

const short = (value: number): string =>
  value >= 1e6 ? `${trim(value / 1e6)} M` : value >= 1e4 ? `${trim(value / 1e3)} k` : trim(value);

const trim = (value: number): string => String(Number(value >= 100 ? value.toFixed(0) : value.toPrecision(2)));
