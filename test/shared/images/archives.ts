import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { extract, type Header, pack } from 'tar-stream';

export type ArchiveMember = Partial<Header> & Pick<Header, 'name'> & { readonly content?: string | Buffer };

/** A tar.gz of members in their order. */
export const tarGz = async (members: readonly ArchiveMember[]): Promise<Buffer> => gzipSync(await tar(members));

export const tar = async (members: readonly ArchiveMember[]): Promise<Buffer> => {
  const archive = pack();
  for (const { content, ...header } of members) {
    if (content === undefined) archive.entry(header);
    else archive.entry(header, content);
  }
  archive.finalize();
  return buffer(archive);
};

/** What is in a tar, by name: headers, and the files' text. */
export const untar = async (
  bytes: Buffer,
): Promise<Map<string, { readonly header: Header; readonly text: string }>> => {
  const members = new Map<string, { header: Header; text: string }>();
  const reader = extract();
  Readable.from([bytes]).pipe(reader as unknown as NodeJS.WritableStream);
  for await (const entry of reader) {
    const text = (await buffer(entry)).toString('utf8');
    members.set(entry.header.name, { header: entry.header, text });
  }
  return members;
};
