"""Serves a trained model as SageMaker's scikit-learn container does: GET /ping and POST /invocations.

Usage: server.py BASE_DIR SOCKET

BASE_DIR plays /opt/ml: the model is in model/, the user's code in SAGEMAKER_SUBMIT_DIRECTORY (default code/), its
entry script in SAGEMAKER_PROGRAM. SOCKET is the path of the Unix socket to listen on, alone in a folder that only this
user may enter and that is removed when the parent dies. The first line of standard output is `LISTENING`; everything
after it is the log. Standard library and numpy.

The user's module brings model_fn and, if it likes, input_fn, predict_fn and output_fn, or transform_fn in their
place. It is imported, and the model loaded, on the first request. Two deliberate differences to the container:
application/x-npy is read without pickle, and malformed CSV is refused.
"""

import csv
import importlib
import io
import json
import os
import shutil
import sys
import threading
import traceback
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingMixIn, UnixStreamServer

import numpy as np

from fedml_container import end_with_parent, has_requirements, install_requirements

JSON, CSV, NPY = "application/json", "text/csv", "application/x-npy"
TEXT_TYPES = (JSON, CSV)


class UnsupportedFormat(Exception):
    """A content type that the default input_fn or output_fn does not know."""


class Model:
    """The user's module and what its model_fn returned; loaded on the first use, and again after a failure."""

    def __init__(self, base_dir):
        self._base_dir = base_dir
        self._lock = threading.Lock()
        self._loaded = None

    def load(self):
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def transform(self, body, content_type, accept):
        """Returns (body, content type) of the answer."""
        module, model, transform_fn = self.load()
        if content_type in TEXT_TYPES:
            body = body.decode("utf-8")
        return response_of(transform_fn(model, body, content_type, accept))

    def execution_parameters(self):
        """What the module says about batch transform, or None if it says nothing."""
        module, _, _ = self.load()
        function = getattr(module, "execution_parameters_fn", None)
        return None if function is None else response_of(function())

    def _load(self):
        module = importlib.import_module(module_name())
        transform_fn = choose_transform_fn(module)
        if not hasattr(module, "model_fn"):
            raise NotImplementedError("Please provide a model_fn implementation in " + module.__name__ + ".py.")
        return module, module.model_fn(os.path.join(self._base_dir, "model")), transform_fn


def module_name():
    program = os.environ["SAGEMAKER_PROGRAM"]
    return program[:-3] if program.endswith(".py") else program


def choose_transform_fn(module):
    """The module's transform_fn, or one made of its input_fn, predict_fn and output_fn with defaults for the rest."""
    steps = [name for name in ("input_fn", "predict_fn", "output_fn") if hasattr(module, name)]
    if hasattr(module, "transform_fn"):
        if steps:
            raise ValueError("Cannot use transform_fn implementation with " + ", ".join(steps) + ".")
        return module.transform_fn
    input_fn = getattr(module, "input_fn", default_input_fn)
    predict_fn = getattr(module, "predict_fn", default_predict_fn)
    output_fn = getattr(module, "output_fn", default_output_fn)

    def transform_fn(model, body, content_type, accept):
        return output_fn(predict_fn(input_fn(body, content_type), model), accept)

    return transform_fn


def default_input_fn(body, content_type):
    """JSON and CSV become float32; squeeze() makes one CSV row one-dimensional, as in the container."""
    if content_type == JSON:
        return np.array(json.loads(body)).astype(np.float32)
    if content_type == CSV:
        return np.array(list(csv.reader(io.StringIO(body), strict=True))).squeeze().astype(np.float32)
    if content_type == NPY:
        return np.load(io.BytesIO(body), allow_pickle=False)
    raise UnsupportedFormat("Content type %s is not supported by this framework." % content_type)


def default_predict_fn(data, model):
    return model.predict(data)


def default_output_fn(prediction, accept):
    if accept == JSON:
        return json.dumps(prediction, default=lambda value: value.tolist()), accept
    if accept == CSV:
        text = io.StringIO()
        np.savetxt(text, prediction, delimiter=",", fmt="%s")
        return text.getvalue(), accept
    if accept == NPY:
        buffer = io.BytesIO()
        np.save(buffer, prediction, allow_pickle=False)
        return buffer.getvalue(), accept
    raise UnsupportedFormat("Accept type %s is not supported by this framework." % accept)


def response_of(result):
    """(body, content type) of a tuple, of a Flask or Werkzeug Response, or of a bare value, which goes as JSON."""
    if isinstance(result, tuple):
        body, mimetype = result
    elif hasattr(result, "get_data"):
        body, mimetype = result.get_data(), result.mimetype
    else:
        body, mimetype = (json.dumps(result) if isinstance(result, (dict, list)) else result), JSON
    if isinstance(body, str):
        body = body.encode("utf-8")
    if not isinstance(body, (bytes, bytearray)):
        raise TypeError("The answer's body must be text or bytes, not %s." % type(body).__name__)
    if mimetype.startswith("text/") and "charset=" not in mimetype:
        mimetype += "; charset=utf-8"
    return bytes(body), mimetype


class Handler(BaseHTTPRequestHandler):
    """One connection. `model` is set on a subclass."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    model = None

    def do_GET(self):
        if self.path == "/ping":
            self._answer(lambda: self.model.load() and (b"", JSON))
        elif self.path == "/execution-parameters":
            self._answer(self.model.execution_parameters)
        elif self.path == "/invocations":
            self._error(HTTPStatus.METHOD_NOT_ALLOWED)
        else:
            self._error(HTTPStatus.NOT_FOUND)

    def do_POST(self):
        body = self._body()
        if self.path != "/invocations":
            self._error(HTTPStatus.NOT_FOUND)
            return
        content_type = self.headers.get("Content-Type", JSON)
        accept = self.headers.get("Accept", "*/*")
        if accept == "*/*":
            accept = os.environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", JSON)
        self._answer(lambda: self.model.transform(body, content_type, accept))

    def _answer(self, work):
        try:
            answer = work()
        except Exception:
            traceback.print_exc()
            self._error(HTTPStatus.INTERNAL_SERVER_ERROR)
            return
        if answer is None:
            self._error(HTTPStatus.NOT_FOUND)
        else:
            self._send(HTTPStatus.OK, *answer)

    def _error(self, status):
        page = "<!doctype html>\n<html lang=en>\n<title>%d %s</title>\n<h1>%s</h1>\n<p>%s</p>\n" % (
            status.value,
            status.phrase,
            status.phrase,
            status.description,
        )
        self._send(status, page.encode("utf-8"), "text/html; charset=utf-8")

    def _send(self, status, body, content_type):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _body(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        chunks = []
        while True:
            size = int(self.rfile.readline().split(b";")[0], 16)
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
            if size == 0:
                return b"".join(chunks)

    def log_message(self, format, *arguments):
        """Requests are not logged; errors are, with their traceback."""


class Server(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """A client that went away is no error of the model's."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def main(base_dir, socket_path):
    code_dir = os.environ.get("SAGEMAKER_SUBMIT_DIRECTORY") or os.path.join(base_dir, "code")
    packages_dir = os.path.join(base_dir, "packages")
    os.environ.setdefault("SM_MODEL_DIR", os.path.join(base_dir, "model"))
    # This file's own folder leaves the path, so that it hides no module of the user's.
    sys.path[0:1] = [code_dir, packages_dir]
    sys.argv = ["server"]
    server = Server(socket_path, type("ModelHandler", (Handler,), {"model": Model(base_dir)}))
    print("LISTENING", flush=True)
    if has_requirements(code_dir):
        install_requirements(code_dir, packages_dir)
    server.serve_forever()


if __name__ == "__main__":
    base, socket = sys.argv[1:]
    end_with_parent(lambda: shutil.rmtree(os.path.dirname(socket), ignore_errors=True))
    main(os.path.abspath(base), socket)
