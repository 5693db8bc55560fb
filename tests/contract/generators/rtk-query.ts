import type { Generator } from './generator.ts'

export const rtkQuery: Generator = {
  files: {
    'config.json': `{
      "schemaFile": "CONTRACT", "apiFile": "./empty.ts", "apiImport": "empty", "outputFile": "./api.ts", "exportName": "api" }`,
    'empty.ts': `
      import { createApi, fetchBaseQuery } from '@reduxjs/toolkit/query'

      export const at = { url: '', token: '' as string | undefined, word: null as string | null | undefined }
      const prepareHeaders = (headers: Headers) => headers.set('Authorization', 'Bearer ' + at.token)
      export const empty = createApi({
        baseQuery: async (...query) => {
          const result = await fetchBaseQuery({ baseUrl: at.url, prepareHeaders })(...query)
          at.word = result.meta?.response?.headers.get('Rekindle-Error')
          return result
        },
        endpoints: () => ({}),
      })`,
    'program.ts': `
      import { configureStore } from '@reduxjs/toolkit'
      import { api } from './api'
      import { at } from './empty'

      const { login, logout, me, refreshToken, register } = api.endpoints

      export async function walk(url: string, username: string, password: string) {
        at.url = url
        const { dispatch } = configureStore({
          reducer: { [api.reducerPath]: api.reducer },
          middleware: (others) => others().concat(api.middleware),
        })
        await dispatch(register.initiate({ registerRequest: { username, password } })).unwrap()
        const wrong = await dispatch(login.initiate({ loginRequest: { username, password: 'not this one' } }))
        // It has no types for errors.
        if (wrong.error === undefined || !('data' in wrong.error)) throw new Error('another answer')
        const { code, message } = wrong.error.data as { code: number; message: string }
        const { word } = at
        const opened = await dispatch(login.initiate({ loginRequest: { username, password } })).unwrap()
        at.token = opened.data.access_token
        const user = await dispatch(me.initiate()).unwrap()
        at.token = opened.data.refresh_token
        const refreshed = await dispatch(refreshToken.initiate()).unwrap()
        at.token = refreshed.data.refresh_token
        // @ts-expect-error
        refreshed.data.nothing
        const ended = await dispatch(logout.initiate()).unwrap()
        return {
          username: user.data.username,
          refused: { status: code, message, word },
          tokens: [opened.data.refresh_token, at.token],
          message: ended.data.message,
        }
      }`,
  },
  commands: [['rtk-query-codegen-openapi', 'config.json']],
}
