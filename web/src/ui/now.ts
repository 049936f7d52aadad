// The clock of a page: what says “2 min ago” moves on.
import { useEffect, useState } from '../base';

export function useNow(ms: number): number {
  const [now, setNow] = useState(Date.now() * 1000);
  useEffect(() => {
    const t = setInterval(() => setNow(Date.now() * 1000), ms);
    return () => clearInterval(t);
  }, [ms]);
  return now;
}
