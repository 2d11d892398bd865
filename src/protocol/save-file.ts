/** @file A picture or a table that a page asks the extension to save: pages cannot write files. */
import * as v from 'valibot';

export const savedTypes = ['image/png', 'image/svg+xml', 'text/csv'] as const;
export type SavedType = (typeof savedTypes)[number];

export const SaveFileMessageSchema = v.object({
  type: v.literal('save-file'),
  /** Of the file, without a folder; the user may choose another. */
  name: v.pipe(v.string(), v.regex(/^[^\\/]+$/)),
  mime: v.picklist(savedTypes),
  /** Base64 for PNG, text otherwise. */
  data: v.string(),
});
export type SaveFileMessage = v.InferOutput<typeof SaveFileMessageSchema>;
