export { ErrorCode } from './error-code.ts';
export { JuteReader } from './jute-reader.ts';
export { JuteWriter } from './jute-writer.ts';
export { MalformedError } from './malformed-error.ts';
export { OpCode, ReservedXid } from './op-code.ts';
export { decodeAscii, decodeUtf8, encodeUtf8, encodeUtf8Into } from './text.ts';
