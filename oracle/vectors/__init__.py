"""Known-answer vectors: inputs, and what is certainly the outputs and gradients, rounded correctly."""

from oracle.vectors.answers import Answer as Answer
from oracle.vectors.answers import Refused as Refused
from oracle.vectors.answers import answers as answers
from oracle.vectors.document import document as document
from oracle.vectors.document import dumps as dumps
from oracle.vectors.files import write as write
from oracle.vectors.tensors import tensors as tensors
