import * as tf from '@tensorflow/tfjs-core';

/**
 * A matrix product of which either side may be transposed. The wasm backend has a fast product for plain matrices only,
 * so there what is transposed is transposed first.
 *
 * @param transposeA whether `a` counts transposed
 * @param transposeB whether `b` counts transposed
 */
export const product = (a: tf.Tensor2D, b: tf.Tensor2D, transposeA = false, transposeB = false): tf.Tensor2D => {
  if (tf.getBackend() !== 'wasm') return tf.matMul(a, b, transposeA, transposeB);
  return tf.matMul(transposeA ? tf.transpose(a) : a, transposeB ? tf.transpose(b) : b);
};

/**
 * `a` · `b` with a gradient made of fast products.
 *
 * @param a rows × inner
 * @param b inner × columns
 */
export const trainableProduct = (a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D => {
  const operation = tf.customGrad((...given) => {
    const [a, b, save] = given as unknown as [tf.Tensor2D, tf.Tensor2D, tf.GradSaveFunc];
    save([a, b]);
    return {
      value: tf.matMul(a, b),
      gradFunc: (upstream, saved) => {
        const [a, b] = saved as [tf.Tensor2D, tf.Tensor2D];
        return [product(upstream as tf.Tensor2D, b, false, true), product(a, upstream as tf.Tensor2D, true, false)];
      },
    };
  });
  return operation(a, b) as tf.Tensor2D;
};
