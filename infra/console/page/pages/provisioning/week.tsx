import type { AccessView } from '../../../../clickhouse/views/types.ts';
import { count } from '../../format.ts';

const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const hours = Array.from({ length: 24 }, (_, hour) => hour);
/** Shades beside none. */
const shades = 4;

/** In which hours of the week somebody comes: the more often, the darker. */
export const Week = ({ week, zone }: Pick<AccessView, 'week' | 'zone'>) => {
  const most = Math.max(1, ...week.map(({ active }) => active));
  const times = (weekday: number, hour: number): number =>
    week.find((one) => one.weekday === weekday && one.hour === hour)?.active ?? 0;
  return (
    <section class="view-part">
      <h2>Hours of the week</h2>
      <p class="field-about">
        Hours with an access, by the calendar of {zone}; the darkest had one {count(most, 'time')}.
      </p>
      <table class="week">
        <thead>
          <tr>
            <td />
            {hours.map((hour) => (
              <th key={hour} scope="col">
                <span class={hour % 6 === 0 ? undefined : 'hidden'}>{hour}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {weekdays.map((day, at) => (
            <tr key={day}>
              <th scope="row">{day}</th>
              {hours.map((hour) => {
                const active = times(at + 1, hour);
                return (
                  <td
                    key={hour}
                    data-shade={Math.ceil((active / most) * shades)}
                    title={`${day} ${hour}:00 to ${hour + 1}:00: ${count(active, 'time')}`}
                  >
                    <span class="hidden">{active}</span>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
};
