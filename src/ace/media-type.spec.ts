import { mediaTypeOf } from './media-type';

describe('mediaTypeOf', () => {
  it.each([
    ['video/mp2t', 'media'],
    ['video/MP2T', 'media'],
    ['application/octet-stream', 'media'],
    ['text/plain; charset=utf-8', 'media'],
    ['', 'media'],
    ['text/html; charset=utf-8', 'page'],
    ['application/json', 'message'],
    ['application/x-mpegURL', 'playlist'],
    ['video/mp4', 'other_container'],
  ])('%j is %s', (contentType, expected) => {
    expect(mediaTypeOf(contentType)).toBe(expected);
  });
});
