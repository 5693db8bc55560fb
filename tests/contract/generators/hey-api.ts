import type { Generator } from './generator.ts'

export const heyApi: Generator = {
  files: {
    'openapi-ts.config.ts': `
      export default {
        input: 'CONTRACT',
        output: 'api',
        logs: { file: false, level: 'silent' },
        plugins: ['@hey-api/client-fetch', '@hey-api/typescript', '@hey-api/sdk'],
      }`,
    'program.ts': `
      import { client } from './api/client.gen'
      import { login, logout, me, refreshToken, register } from './api/sdk.gen'

      const bearer = (token: string | undefined) => ({
        auth: ({ type }: { type: string }) => (type === 'http' ? token : undefined),
      })

      export async function walk(baseUrl: string, username: string, password: string) {
        client.setConfig({ baseUrl })
        await register({ body: { username, password }, throwOnError: true })
        const wrong = await login({ body: { username, password: 'not this one' } })
        if (wrong.error === undefined) throw new Error('logged in')
        const { code, message } = wrong.error
        const word = wrong.response?.headers.get('Rekindle-Error')
        const opened = await login({ body: { username, password } })
        if (opened.data === undefined) throw new Error(opened.error.message)
        const { data: user } = await me({ ...bearer(opened.data.data.access_token), throwOnError: true })
        const refreshed = await refreshToken({ ...bearer(opened.data.data.refresh_token), throwOnError: true })
        const token = refreshed.data.data.refresh_token
        // @ts-expect-error
        refreshed.data.data.nothing
        const { data: ended } = await logout({ ...bearer(token), throwOnError: true })
        return {
          username: user.data.username,
          refused: { status: code, message, word },
          tokens: [opened.data.data.refresh_token, token],
          message: ended.data.message,
        }
      }`,
  },
  commands: [['openapi-ts']],
}
