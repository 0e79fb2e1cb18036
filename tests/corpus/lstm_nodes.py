# LSTM from small objects: parameters, state, node. one node = one time step.
import numpy as np


def sigmoid(x):
    return 1. / (1 + np.exp(-x))

def sigmoid_derivative(values):
    return values*(1-values)

def tanh_derivative(values):
    return 1. - values ** 2

def rand_arr(a, b, *args):
    np.random.seed(0)
    return np.random.rand(*args) * (b - a) + a


class LstmParam:
    def __init__(self, mem_cell_ct, x_dim):
        self.mem_cell_ct = mem_cell_ct
        self.x_dim = x_dim
        concat_len = x_dim + mem_cell_ct
        for gate in 'gifo':
            setattr(self, 'w' + gate, rand_arr(-0.1, 0.1, mem_cell_ct, concat_len))
            setattr(self, 'b' + gate, rand_arr(-0.1, 0.1, mem_cell_ct))
            setattr(self, 'w' + gate + '_diff', np.zeros((mem_cell_ct, concat_len)))
            setattr(self, 'b' + gate + '_diff', np.zeros(mem_cell_ct))


class LstmState:
    def __init__(self, mem_cell_ct, x_dim):
        self.g = np.zeros(mem_cell_ct)
        self.i = np.zeros(mem_cell_ct)
        self.f = np.zeros(mem_cell_ct)
        self.o = np.zeros(mem_cell_ct)
        self.s = np.zeros(mem_cell_ct)
        self.h = np.zeros(mem_cell_ct)
        self.bottom_diff_h = np.zeros_like(self.h)
        self.bottom_diff_s = np.zeros_like(self.s)
        self.bottom_diff_x = np.zeros(x_dim)


class LstmNode:
    squash = False

    def __init__(self, lstm_param, lstm_state):
        self.state = lstm_state
        self.param = lstm_param
        self.xc = None

    def bottom_data_is(self, x, s_prev=None, h_prev=None):
        if s_prev is None: s_prev = np.zeros_like(self.state.s)
        if h_prev is None: h_prev = np.zeros_like(self.state.h)
        self.s_prev = s_prev
        xc = np.hstack((x, h_prev))
        self.state.g = np.tanh(np.dot(self.param.wg, xc) + self.param.bg)
        self.state.i = sigmoid(np.dot(self.param.wi, xc) + self.param.bi)
        self.state.f = sigmoid(np.dot(self.param.wf, xc) + self.param.bf)
        self.state.o = sigmoid(np.dot(self.param.wo, xc) + self.param.bo)
        self.state.s = self.state.g * self.state.i + s_prev * self.state.f
        # tanh or no tanh?
        self.state.h = (np.tanh(self.state.s) if self.squash else self.state.s) * self.state.o
        self.xc = xc

    def top_diff_is(self, top_diff_h, top_diff_s):
        ds = self.state.o * top_diff_h + top_diff_s
        do = self.state.s * top_diff_h
        di = self.state.g * ds
        dg = self.state.i * ds
        df = self.s_prev * ds

        di_input = sigmoid_derivative(self.state.i) * di
        df_input = sigmoid_derivative(self.state.f) * df
        do_input = sigmoid_derivative(self.state.o) * do
        dg_input = tanh_derivative(self.state.g) * dg

        self.param.wi_diff += np.outer(di_input, self.xc)
        self.param.wf_diff += np.outer(df_input, self.xc)
        self.param.wo_diff += np.outer(do_input, self.xc)
        self.param.wg_diff += np.outer(dg_input, self.xc)
        self.param.bi_diff += di_input
        self.param.bf_diff += df_input
        self.param.bo_diff += do_input
        self.param.bg_diff += dg_input

        dxc = np.zeros_like(self.xc)
        dxc += np.dot(self.param.wi.T, di_input)
        dxc += np.dot(self.param.wf.T, df_input)
        dxc += np.dot(self.param.wo.T, do_input)
        dxc += np.dot(self.param.wg.T, dg_input)

        self.state.bottom_diff_s = ds * self.state.f
        self.state.bottom_diff_x = dxc[:self.param.x_dim]
        self.state.bottom_diff_h = dxc[self.param.x_dim:]


class SquashedNode(LstmNode):
    # forward changed, backward forgotten
    squash = True


EXPECTED = {"right": "CERTIFIED", "undeclared": "REFUTED", "wrong": "REFUTED"}


def build(node, accumulates=True):
    import oracle

    return oracle.Subject.from_object(
        lambda D, H, **_: node(LstmParam(H, D), LstmState(H, D)),
        forward="bottom_data_is", backward=lambda node, ds, dh: node.top_diff_is(dh, ds),
        inputs={"x": "D", "s_prev": "H", "h_prev": "H"}, outputs={"state.s": "H", "state.h": "H"},
        parameters={f"param.w{g}": "H D+H" for g in "gifo"} | {f"param.b{g}": "H" for g in "gifo"},
        gradients="{}_diff", accumulates=accumulates,
        input_gradients={"x": "state.bottom_diff_x", "s_prev": "state.bottom_diff_s", "h_prev": "state.bottom_diff_h"},
    )


def right():
    return build(LstmNode)


def undeclared():
    # += into the same arrays at every call, and nobody said so
    return build(LstmNode, accumulates=False)


def wrong():
    return build(SquashedNode)
