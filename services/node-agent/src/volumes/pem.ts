/** The certificates of a text in PEM, each as a block of its own without headers or text between; blocks of any label count. */
export function certificatesIn(text: string): string[] {
  return [...text.matchAll(/-----BEGIN ([^-]+)-----\r?\n([\s\S]*?)-----END \1-----/g)].map(([, , content = '']) => {
    // Headers end with an empty line.
    const body = content.includes(':') ? (content.split(/\r?\n\s*\r?\n/)[1] ?? '') : content;
    return pemOf('CERTIFICATE', Buffer.from(body, 'base64'));
  });
}

/** A block of PEM in lines of 64 characters. */
export function pemOf(label: string, der: Uint8Array): string {
  const lines = Buffer.from(der)
    .toString('base64')
    .replaceAll(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}
