import type { Report } from '../../src/conform/run.ts'

/** The differences as the command tells them */
export const lines = ({ differences }: Report): string[] =>
  differences.map(({ operation, status, what }) => `${operation} ${status ?? '-'}: ${what}`)
