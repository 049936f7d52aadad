"""What the server holds of runs, for tests of the integrations."""
import json
import urllib.parse


class Served:
    """All that one server has; a run is its id."""

    def __init__(self, server):
        self.server = server

    def runs(self, project):
        """Ids of a project's runs, oldest first."""
        answer = self.server.request('POST', '/api/v1/runs/search', {'project': project})
        return [run['id'] for run in reversed(answer.json()['runs'])] if answer.status == 200 else []

    def only_run(self, project):
        found = self.runs(project)
        assert len(found) == 1, found
        return self.run(found[0])

    def run(self, run):
        """The run's JSON, with its `params` and `tags`."""
        return self.server.json('GET', f'/api/v1/runs/{run}')

    def keys(self, project):
        page = self.server.json('GET', f'/api/v1/projects/{project}/keys?kind=metric&limit=1000')
        return {key['key'] for key in page['keys']}

    def points(self, run, key):
        """[(step, value)] as they were logged."""
        key = urllib.parse.quote(key, safe='')
        page = self.server.json('GET', f'/api/v1/runs/{run}/points?key={key}&limit=1000000')
        return list(zip(page['step'], page['value']))

    def values(self, run, key):
        return [value for _, value in self.points(run, key)]

    def texts(self, run, key):
        """[(step, text)], oldest first."""
        key = urllib.parse.quote(key, safe='')
        page = self.server.json('GET', f'/api/v1/runs/{run}/text?key={key}&limit=1000')
        return [(text['step'], text['text']) for text in reversed(page['texts'])]

    def files(self, run):
        """{path: digest}."""
        page = self.server.json('GET', f'/api/v1/runs/{run}/files?limit=1000')
        return {file['path']: file['digest'] for file in page['files']}

    def content(self, run, path):
        """The bytes of a file."""
        return self.server.get(f'/api/v1/blobs/{self.files(run)[path]}').body

    def lines(self, run):
        """[(stream, text)]."""
        page = self.server.json('GET', f'/api/v1/runs/{run}/lines?limit=10000')
        return [(line['stream'], line['text']) for line in page['lines']]

    def alerts(self, run):
        return self.server.json('GET', f'/api/v1/runs/{run}/alerts')['alerts']

    def document(self, run, name):
        return json.loads(self.server.get(f'/api/v1/runs/{run}/docs/{name}').body)
