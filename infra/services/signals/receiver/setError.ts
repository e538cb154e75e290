/** Why a token is refused (RFC 8935, section 2.4; `invalid_state` of SSF 1.0, section 8.1.4). */
export type SetErrorCode =
  | 'invalid_request'
  | 'invalid_key'
  | 'invalid_issuer'
  | 'invalid_audience'
  | 'authentication_failed'
  | 'access_denied'
  | 'invalid_state';

/** A token that is refused; `message` is told to whoever sent it. */
export class SetError extends Error {
  override readonly name = 'SetError';
  readonly err: SetErrorCode;

  constructor(err: SetErrorCode, description: string) {
    super(description);
    this.err = err;
  }
}
