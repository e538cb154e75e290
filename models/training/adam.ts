import * as tf from '@tensorflow/tfjs-core';

/** Adam (Kingma and Ba 2015), as TensorFlow.js has it, with a state that can be kept and taken up again to the bit. */
export interface Adam {
  /** Change the variables by their gradients, one a variable. */
  apply(gradients: readonly tf.Tensor[], learningRate: number): void;
  /** First moments, second moments, and the two powers of the decay rates. */
  state(): Float32Array[];
  /** Go on from a state. */
  restore(state: readonly Float32Array[]): void;
  dispose(): void;
}

const decay = [0.9, 0.999] as const;

/** Make an optimizer of some variables. */
export const createAdam = (variables: readonly tf.Variable[]): Adam => {
  const epsilon = tf.backend().epsilon();
  const zeros = () => variables.map((it) => tf.tidy(() => tf.variable(tf.zerosLike(it), false)));
  const first = zeros();
  const second = zeros();
  const powers = decay.map((rate) => tf.tidy(() => tf.variable(tf.scalar(rate), false)));
  const kept = [...first, ...second, ...powers];
  return {
    apply(gradients, learningRate) {
      tf.tidy(() => {
        const [unbias, unbiasSquare] = powers.map((power) => tf.sub(1, power));
        variables.forEach((variable, i) => {
          const gradient = gradients[i]!;
          const mean = tf.add(tf.mul(first[i]!, decay[0]), tf.mul(gradient, 1 - decay[0]));
          const square = tf.add(tf.mul(second[i]!, decay[1]), tf.mul(tf.square(gradient), 1 - decay[1]));
          first[i]!.assign(mean);
          second[i]!.assign(square);
          const step = tf.div(tf.div(mean, unbias!), tf.add(tf.sqrt(tf.div(square, unbiasSquare!)), epsilon));
          variable.assign(tf.add(tf.mul(step, -learningRate), variable));
        });
        powers.forEach((power, i) => {
          power.assign(tf.mul(power, decay[i]!));
        });
      });
    },
    state: () => kept.map((it) => Float32Array.from(it.dataSync())),
    restore(state) {
      kept.forEach((variable, i) => {
        tf.tidy(() => variable.assign(tf.tensor(state[i]!, variable.shape)));
      });
    },
    dispose: () => tf.dispose(kept),
  };
};
