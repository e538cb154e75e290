import { subjectPath } from '../../../view/paths.ts';
import type { PreviewView, TtlCourse } from '../../../view/policy.ts';
import { duration } from '../../format.ts';

const [width, height] = [320, 72];

/** A step line: the TTL holds until the next one. */
const pathOf = (course: TtlCourse, from: number, to: number, most: number): string => {
  const x = (at: number): string => (((at - from) / Math.max(1, to - from)) * width).toFixed(1);
  const y = (ttlMs: number): string => (height - 3 - (Math.min(ttlMs, most) / most) * (height - 6)).toFixed(1);
  return course
    .map(({ at, ttlMs }, index) => {
      const next = course[index + 1]?.at ?? to;
      return `${index === 0 ? 'M' : 'L'}${x(at)} ${y(ttlMs)}H${x(Math.max(at, next))}`;
    })
    .join('');
};

const lastTtl = (course: TtlCourse): string => {
  const last = course.at(-1);
  return last ? (last.ttlMs === 0 ? 'revoked' : duration(last.ttlMs)) : 'untouched';
};

/** The TTL of subjects that differ: in force dashed, the draft in full. */
export const Courses = ({ courses, span: { from, to } }: Pick<PreviewView, 'courses' | 'span'>) => (
  <ul class="courses">
    {courses.map(({ subject, verdict, draft, inForce }) => {
      const most = Math.max(1, ...[...draft, ...inForce].map(({ ttlMs }) => ttlMs));
      return (
        <li key={subject}>
          <p class="course-head">
            <a href={subjectPath(subject)}>{subject}</a>
            {verdict && (
              <span class="deed" data-kind={verdict === 'malicious' ? 'revoke' : 'extend'}>
                {verdict}
              </span>
            )}
          </p>
          <svg
            viewBox={`0 0 ${width} ${height}`}
            preserveAspectRatio="none"
            role="img"
            aria-label={`TTL of ${subject}: ends ${lastTtl(inForce)} in force, ${lastTtl(draft)} in the draft`}
          >
            <path class="course-before" d={pathOf(inForce, from, to, most)} />
            <path class="course-draft" d={pathOf(draft, from, to, most)} />
          </svg>
          <p class="course-ends">
            up to {duration(most)}; at the end {lastTtl(inForce)} → {lastTtl(draft)}
          </p>
        </li>
      );
    })}
  </ul>
);
