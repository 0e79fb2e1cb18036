"""What the wrong values say of the fault, where the subject shows nothing but its gradients.

Hypotheses are tried on both sides of every gradient in several cases, in balls; what is reported held in all of them.

| kind              | what was found                                                            | certain |
| ----------------- | ------------------------------------------------------------------------- | ------- |
| `constant-ratio`  | every entry is a size, its inverse or a number times the derivative       | yes     |
| `changing-ratio`  | all entries are the derivative times one factor, another in each case     | yes     |
| `sign`            | every entry has the wrong sign, or one summand has                        | yes     |
| `transpose`       | the transpose of the derivative                                           | yes     |
| `other-gradient`  | the gradient of another input; two exchanged                              | yes     |
| `zero`            | zero throughout                                                           | yes     |
| `missing-summand` | the derivative without one summand, or without two                        | yes     |
| `replaced-factor` | the derivative with one factor left out or another in its place           | yes     |
| `overwrites`      | what the slot held is lost, though accumulation is declared               | yes     |
| `clip`            | every wrong entry at ±c, where the derivative lies beyond                 | yes     |
| `norm-clip`       | all gradients scaled to one joint norm                                    | yes     |
| `truncated`       | the derivative of the last k steps, and nothing of those before           | yes     |
| `permuted-blocks` | the blocks of the derivative in another order                             | yes     |
| `one-block`       | wrong in some blocks alone                                                | yes     |
| `first-step`      | wrong at the first step alone                                             | yes     |
| `last-step`       | wrong at the last step alone                                              | yes     |
| `second-call`     | right at the first call, wrong at the second                              | yes     |
| `carry`           | right at the last step (certain); wrong only from two steps on (a hint)   | both    |
| `batch`           | one row's gradient alone (certain); wrong only from two rows on (a hint)  | both    |
| `equal-sizes`     | wrong only where two sizes are equal, or differ                           | no      |
| `above-size`      | wrong only where a size, a stride or the like is larger                   | no      |
| `masked`          | wrong only where a mask or lengths leave steps out                        | no      |
| `inputs-only`     | inputs wrong, parameters right                                            | no      |
| `parameters-only` | parameters wrong, inputs right                                            | no      |

"Certain" is what is known of the values: that they are the derivative with this change, entry by entry or along
generic directions of all entries. It is never said of a line. A condition on sizes holds for the cases that were
tried, and reads so.
"""

from oracle.diagnosis.patterns.recognising import ALL, SHORTLY, WITHOUT_TERMS, recognise

__all__ = ["ALL", "SHORTLY", "WITHOUT_TERMS", "recognise"]
