/** Values of options that several commands have. */
import { Failure, WRONG_USAGE } from './failure.ts'

// Commander would repeat the argument.
export const wrongUsage = (message: string) => new Failure(message, { exitCode: WRONG_USAGE })

/** @returns the address of a service, with a slash at its end */
export function baseUrl(text: string): string {
  const url = URL.parse(text)
  const isPlain = url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === ''
  if (!isPlain || url.search !== '' || url.hash !== '')
    throw wrongUsage('--url must be like http://127.0.0.1:8787, without a password')
  return url.href.endsWith('/') ? url.href : `${url.href}/`
}

export const wholeSeconds =
  (option: string) =>
  (text: string): number => {
    const number = Number(text)
    if (!/^\d{1,3}$/.test(text) || number < 1 || number > 600)
      throw wrongUsage(`${option} must be a whole number from 1 to 600`)
    return number
  }
