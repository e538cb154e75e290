/**
 * Have NVIDIA's libraries multiply in full single precision; what the user has set stays. By themselves they round factors
 * to 10 bits (TF32), and an LSTM's answers were up to 0.02 from those of the CPU, where runtimes promise 1e-4. Takes effect
 * for what loads them afterwards.
 */
export const fullPrecision = (): void => {
  process.env.NVIDIA_TF32_OVERRIDE ??= '0';
};
