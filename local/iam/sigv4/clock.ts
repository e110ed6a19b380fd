import { SignatureError } from '../errors.ts';
import { type Authorization, basicDate, millisecondsOf } from './authorization.ts';

const MINUTE = 60_000;

/** @throws SignatureError clock or expired-url, for a signature that is too old or from the future. */
export const checkClock = ({ presigned, date, expiresSeconds, scope }: Authorization, now: number): void => {
  const signedAt = millisecondsOf(date);
  if (presigned) {
    checkSpan(date, signedAt, expiresSeconds!, now);
  } else if (scope.service === 's3') {
    if (Math.abs(now - signedAt) > 15 * MINUTE) {
      throw new SignatureError('clock', 'The difference between the request time and the current time is too large.', {
        details: {
          RequestTime: date,
          ServerTime: isoSeconds(now),
          MaxAllowedSkewMilliseconds: String(15 * MINUTE),
        },
      });
    }
  } else if (signedAt < now - 15 * MINUTE) {
    const earliest = basicDate(now - 15 * MINUTE);
    throw new SignatureError(
      'clock',
      `Signature expired: ${date} is now earlier than ${earliest} (${basicDate(now)} - 15 min.)`,
    );
  } else if (signedAt > now + 5 * MINUTE) {
    const latest = basicDate(now + 5 * MINUTE);
    throw new SignatureError(
      'clock',
      `Signature not yet current: ${date} is still later than ${latest} (${basicDate(now)} + 5 min.)`,
    );
  }
};

const checkSpan = (date: string, signedAt: number, expiresSeconds: number, now: number): void => {
  if (signedAt > now + 15 * MINUTE) {
    throw new SignatureError('expired-url', 'Request is not yet valid', {
      presigned: true,
      details: { 'X-Amz-Date': date, ServerTime: isoSeconds(now) },
    });
  }
  const end = signedAt + expiresSeconds * 1000;
  if (now > end) {
    throw new SignatureError('expired-url', 'Request has expired', {
      presigned: true,
      details: { 'X-Amz-Expires': String(expiresSeconds), Expires: isoSeconds(end), ServerTime: isoSeconds(now) },
    });
  }
};

const isoSeconds = (moment: number): string => new Date(moment).toISOString().replace(/\.\d{3}/, '');
