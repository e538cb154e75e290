/**
 * Keeps ONNX Runtime from sending what it is used for to its maker, and from leaving an identifier of the machine in the
 * user's cache, as its builds for Linux and macOS do by themselves. It asks once, when it is initialised, and the whole
 * process at that: so this comes before it, and in the main thread, since what a worker sets does not reach the process.
 */
process.env.ORT_DISABLE_TELEMETRY ??= '1';
