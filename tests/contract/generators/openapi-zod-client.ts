import type { Generator } from './generator.ts'

/** Validates with zod 3, requests as well as responses. */
export const openapiZodClient: Generator = {
  files: {
    'program.ts': `
      import { isErrorFromAlias } from '@zodios/core'
      import { createApiClient } from './api'

      const bearer = (token: string | undefined) => ({ headers: { Authorization: 'Bearer ' + token } })

      export async function walk(url: string, username: string, password: string) {
        const api = createApiClient(url)
        await api.register({ username, password })
        const wrong: unknown = await api.login({ username, password: 'not this one' }).catch((thrown) => thrown)
        if (!isErrorFromAlias(api.api, 'login', wrong) || wrong.response.status !== 401)
          throw new Error('another answer', { cause: wrong })
        const { code, message } = wrong.response.data
        const word: unknown = wrong.response.headers['rekindle-error']
        const opened = await api.login({ username, password })
        const user = await api.me(bearer(opened.data.access_token))
        const refreshed = await api.refreshToken(undefined, bearer(opened.data.refresh_token))
        const token = refreshed.data.refresh_token
        // @ts-expect-error
        const nothing: number = refreshed.data.nothing
        void nothing
        const ended = await api.logout(undefined, bearer(token))
        return {
          username: user.data.username,
          refused: { status: code, message, word },
          tokens: [opened.data.refresh_token, token],
          message: ended.data.message,
        }
      }`,
  },
  commands: [['openapi-zod-client', 'CONTRACT', '-o', 'api.ts', '--with-alias']],
}
