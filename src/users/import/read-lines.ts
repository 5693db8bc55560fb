import { createReadStream } from 'node:fs'

/** A line of a file, or a record of CSV that may take several */
export interface Line {
  /** Of its beginning, from 1 */
  readonly number: number
  /** Members by name. Undefined: see `fault` */
  readonly value: unknown
  /** Why there is no value. Contains nothing of the line */
  readonly fault?: string
  /** The position in the file after it, for progress */
  readonly end: number
}

/** Bytes. The longest members take less than a tenth. */
export const MAX_LINE = 64 * 1024

const NEWLINE = 0x0a
const decoder = new TextDecoder('utf-8', { fatal: true })

interface RawLine {
  /** Bytes, with the end of the line */
  readonly length: number
  /** Undefined: the line is too long */
  readonly bytes: Buffer | undefined
}

/** Reads a file of JSON objects, one on each line. Empty lines are skipped. Takes memory for one line only. */
export async function* readNdjson(file: string): AsyncGenerator<Line> {
  let number = 1
  let end = 0
  for await (const { bytes, length } of splitLines(file)) {
    end += length
    const line = lineOf(bytes)
    if (line !== undefined) yield { number, end, ...line }
    number++
  }
}

const faulty = (fault: string) => ({ value: undefined, fault })

function lineOf(bytes: Buffer | undefined): Pick<Line, 'value' | 'fault'> | undefined {
  if (bytes === undefined) return faulty(`is longer than ${MAX_LINE} bytes`)
  let text: string
  try {
    // A byte order mark is left out.
    text = decoder.decode(bytes)
  } catch {
    return faulty('is not UTF-8')
  }
  if (text.trim() === '') return undefined
  try {
    return { value: JSON.parse(text) }
  } catch {
    return faulty('is not JSON')
  }
}

async function* splitLines(file: string): AsyncGenerator<RawLine> {
  let parts: Buffer[] = []
  let length = 0
  const add = (part: Buffer) => {
    length += part.length
    if (length <= MAX_LINE) parts.push(part)
  }
  const take = (): RawLine => {
    const line = { length, bytes: length > MAX_LINE ? undefined : Buffer.concat(parts) }
    parts = []
    length = 0
    return line
  }
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    let begin = 0
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, begin)) {
      add(chunk.subarray(begin, at + 1))
      begin = at + 1
      yield take()
    }
    if (begin < chunk.length) add(chunk.subarray(begin))
  }
  if (length > 0) yield take()
}
