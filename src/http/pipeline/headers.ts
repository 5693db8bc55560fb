import type { Context } from 'hono'
import type { Env } from '../contract.ts'

export function setHeader(c: Context<Env>, name: string, value: string): void {
  c.get('headers')[name] = value
}

export function removeHeader(c: Context<Env>, name: string): void {
  delete c.get('headers')[name]
}
