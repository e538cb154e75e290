import { type NetworkLayer, poolFloor } from '../networks/network.ts';
import type { GraphParts } from './exporter.ts';

/** A pool over a sequence's steps, or over all steps so far with its sum or maximum and their count carried. */
export const poolNodes = (parts: GraphParts, layer: NetworkLayer & { op: 'pool' }, step: boolean): void => {
  const { name, from, over } = layer;
  if (!step) {
    if (over === 'last') {
      parts.add('Gather', [from, parts.constant(`${name}.index`, [], BigInt64Array.of(-1n))], name, { axis: 1 });
      return;
    }
    parts.add(over === 'mean' ? 'ReduceMean' : 'ReduceMax', [from], name, { axes: [1], keepdims: 0 });
    return;
  }
  if (over === 'last') {
    parts.add('Identity', [from], name);
    return;
  }
  const one = parts.constant(`${name}.one`, [], Float32Array.of(1));
  const count = parts.add('Add', [`${name}.count`, one], `${name}.count.next`);
  if (over === 'mean') {
    parts.add('Div', [parts.add('Add', [`${name}.sum`, from], `${name}.sum.next`), count], name);
    return;
  }
  // While nothing has been seen the state is 0, which must not count: it is pushed below every value, exactly by 0 later.
  const seen = parts.add('Min', [`${name}.count`, one], `${name}.seen`);
  const push = parts.add('Sub', [seen, one], `${name}.push`);
  const floor = parts.constant(`${name}.floor`, [], Float32Array.of(poolFloor));
  const pushed = parts.add('Add', [`${name}.max`, parts.add('Mul', [push, floor], `${name}.pushed`)], `${name}.past`);
  parts.add('Identity', [parts.add('Max', [pushed, from], `${name}.max.next`)], name);
};
