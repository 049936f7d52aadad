// An address that names nothing, with ways on.
import { h, useEffect } from '../base';
import { homePath } from '../router';
import { A } from '../ui/bits';
import { TopBar } from '../ui/top';

export function NotFound({ what, hint }: { what: string; hint?: string }) {
  useEffect(() => { document.title = 'Not found · Track'; }, []);
  return (
    <div>
      <TopBar />
      <main class="page" id="main">
        <div class="first">
          <h1>{what}</h1>
          <p class="lead muted">{hint ?? 'It may have been typed wrong, or what it named is gone.'}</p>
          <A class="btn" to={homePath()}>Projects</A>
        </div>
      </main>
    </div>
  );
}
