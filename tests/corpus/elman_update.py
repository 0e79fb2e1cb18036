# learns online, there is no gradient anywhere, only the update
import numpy as np


class OnlineRNN:
    def __init__(self, n, m, k, lr=0.05):
        self.lr = lr
        self.Wi = np.random.randn(m, n) * .1
        self.Wr = np.random.randn(m, m) * .1
        self.Wo = np.random.randn(k, m) * .1
        self.bo = np.zeros(k)

    def predict(self, xs):
        self.xs, self.hs = xs, [np.zeros(len(self.Wr))]
        for x in xs:
            self.hs.append(np.tanh(self.Wi.dot(x) + self.Wr.dot(self.hs[-1])))
        self.out = self.Wo.dot(self.hs[-1]) + self.bo
        return self.out

    def learn(self, err):
        dWi, dWr = np.zeros_like(self.Wi), np.zeros_like(self.Wr)
        dh = self.Wo.T.dot(err)
        self.Wo -= self.lr * np.outer(err, self.hs[-1])
        self.bo -= self.lr * err
        for t in range(len(self.xs) - 1, -1, -1):
            da = dh * (1 - self.hs[t + 1] ** 2)
            dWi += np.outer(da, self.xs[t])
            dWr += np.outer(da, self.hs[t])
            dh = self.Wr.T.dot(da)
        self.apply(dWi, dWr)

    def apply(self, dWi, dWr):
        self.Wi -= self.lr * dWi
        self.Wr -= self.lr * dWr


class OnlineRNN2(OnlineRNN):
    def learn(self, err):
        self.Wo -= self.lr * np.outer(err, self.hs[-1])
        self.bo -= self.lr * err
        dWi, dWr = np.zeros_like(self.Wi), np.zeros_like(self.Wr)
        dh = self.Wo.T.dot(err)      # Wo has already moved
        for t in range(len(self.xs) - 1, -1, -1):
            da = dh * (1 - self.hs[t + 1] ** 2)
            dWi += np.outer(da, self.xs[t])
            dWr += np.outer(da, self.hs[t])
            dh = self.Wr.T.dot(da)
        self.apply(dWi, dWr)


EXPECTED = {"right": "CERTIFIED", "wrong": "REFUTED"}


def build(cls):
    import oracle
    return oracle.Subject.from_object(
        lambda D, H, K, **_: cls(D, H, K, lr=1.0), forward="predict", backward="learn", inputs={"xs": oracle.reals("T D", differentiated=False)},
        parameters={"Wi": "H D", "Wr": "H H", "Wo": "K H", "bo": "K"}, gradients="update")


def right():
    return build(OnlineRNN)


def wrong():
    return build(OnlineRNN2)
