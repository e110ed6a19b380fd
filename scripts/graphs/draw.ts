import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Graphviz } from '@hpcc-js/wasm-graphviz';
import { type Definition, graphOf } from './graph.ts';

/** Draws `statemachines/<name>.asl.json` as SVG. */
export const draw = async (rootDir: string, name: string): Promise<string> => {
  const text = await readFile(join(rootDir, 'statemachines', `${name}.asl.json`), 'utf8');
  const graphviz = await Graphviz.load();
  return graphviz.dot(graphOf(name, JSON.parse(text) as Definition));
};

/** Where the picture of a state machine is kept. */
export const pictureOf = (rootDir: string, name: string): string =>
  join(rootDir, 'docs', 'statemachines', `${name}.svg`);
