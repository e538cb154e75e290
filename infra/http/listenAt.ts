/** Told of a port that is taken, before another one is; absent where the port is insisted on. */
export type PortTaken = (port: number) => void;

/**
 * Listen at a port; where it is taken and `taken` is given, at any free one. Looking first whether it is free would let
 * another process take it in between.
 *
 * @param listen - binds a port, 0 for any
 * @throws what `listen` throws
 */
export const listenAt = async <T>(
  listen: (port: number) => Promise<T>,
  port: number,
  taken?: PortTaken,
): Promise<T> => {
  try {
    return await listen(port);
  } catch (error) {
    if (!taken || port === 0 || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    taken(port);
    return listen(0);
  }
};
