/** @file The alphabet of byte-level tokenizers (GPT-2): every byte has a visible character that stands for it. */
import { type AlignedText, AlignedTextBuilder, characterLength } from './aligned-text';

/** Byte → its character: printable Latin-1 stands for itself, the other bytes for U+0100 and up, in order. */
export const byteCharacters: readonly string[] = alphabet();

const bytes = new Map(byteCharacters.map((character, byte) => [character, byte]));
const encoder = new TextEncoder();

function alphabet(): string[] {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const visible = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
    return String.fromCharCode(visible ? byte : next++);
  });
}

/** The text's UTF-8 bytes in the byte alphabet; each byte is aligned with its whole character. */
export function toByteCharacters(source: AlignedText): AlignedText {
  const { text } = source;
  if (/^[\0-\x7f]*$/.test(text)) {
    return source.respelled(text.replace(/[^!-~]/g, character => byteCharacters[character.charCodeAt(0)]));
  }
  const builder = new AlignedTextBuilder(source);
  for (let at = 0; at < text.length;) {
    const end = at + characterLength(text, at);
    const code = text.charCodeAt(at);
    if (code < 0x80) builder.add(byteCharacters[code], at);
    else for (const byte of encoder.encode(text.slice(at, end))) builder.add(byteCharacters[byte], at);
    at = end;
  }
  return builder.build();
}

/** The bytes that a token stands for; a token outside of the byte alphabet stands for its own UTF-8. */
export function bytesOfToken(token: string): Uint8Array {
  const result = new Uint8Array(token.length);
  for (let i = 0; i < token.length; i++) {
    const byte = bytes.get(token[i]);
    if (byte === undefined) return encoder.encode(token);
    result[i] = byte;
  }
  return result;
}
