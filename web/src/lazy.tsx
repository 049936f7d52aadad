// Parts that are fetched when they are first shown.
import { h, useEffect, useState } from './base';
import { Meter } from './ui/bits';

type Part<P> = (props: P) => ReturnType<typeof h> | null;

/** A component that stands for one of a chunk of its own; `wait` is shown until it is there. */
export function lazy<P extends object>(load: () => Promise<Part<P>>, wait = <Meter label="Loading" />): Part<P> {
  let loaded: Part<P> | null = null;
  return function Lazy(props: P) {
    const [part, setPart] = useState<{ view: Part<P> } | null>(loaded && { view: loaded });
    const [failed, setFailed] = useState(false);
    useEffect(() => {
      if (part) return;
      load().then((view) => {
        loaded = view;
        setPart({ view });
      }).catch(() => setFailed(true));
    }, []);
    if (failed) {
      return <p class="pad small" role="alert">This part of the page could not be loaded. <button type="button" class="btn btn-s" onClick={() => location.reload()}>Load the page again</button></p>;
    }
    const View = part?.view;
    return View ? <View {...props} /> : wait;
  };
}
