/* Repeat: how the macros of schema.h do the same for each member or type of a list. Not for programs. */
#ifndef PECS_REPEAT_H
#define PECS_REPEAT_H

/* clang-format off: it spoils the macros' nesting */

/* PECS_EACH_(T, a, b, ...) expands to PECS_FIELD(T, a), PECS_FIELD(T, b) ... for up to 40 members. */
#define PECS_PICK_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21,     \
                   a22, a23, a24, a25, a26, a27, a28, a29, a30, a31, a32, a33, a34, a35, a36, a37, a38, a39, a40,      \
                   name, ...)                                                                                          \
    name
#define PECS_EACH_(T, ...)                                                                                             \
    PECS_PICK_(__VA_ARGS__, PECS_E40_, PECS_E39_, PECS_E38_, PECS_E37_, PECS_E36_, PECS_E35_, PECS_E34_, PECS_E33_,    \
               PECS_E32_, PECS_E31_, PECS_E30_, PECS_E29_, PECS_E28_, PECS_E27_, PECS_E26_, PECS_E25_, PECS_E24_,      \
               PECS_E23_, PECS_E22_, PECS_E21_, PECS_E20_, PECS_E19_, PECS_E18_, PECS_E17_, PECS_E16_, PECS_E15_,      \
               PECS_E14_, PECS_E13_, PECS_E12_, PECS_E11_, PECS_E10_, PECS_E9_, PECS_E8_, PECS_E7_, PECS_E6_,          \
               PECS_E5_, PECS_E4_, PECS_E3_, PECS_E2_, PECS_E1_, 0)                                                    \
    (T, __VA_ARGS__)
#define PECS_E1_(T, f) PECS_FIELD(T, f)
#define PECS_E2_(T, f, ...) PECS_FIELD(T, f), PECS_E1_(T, __VA_ARGS__)
#define PECS_E3_(T, f, ...) PECS_FIELD(T, f), PECS_E2_(T, __VA_ARGS__)
#define PECS_E4_(T, f, ...) PECS_FIELD(T, f), PECS_E3_(T, __VA_ARGS__)
#define PECS_E5_(T, f, ...) PECS_FIELD(T, f), PECS_E4_(T, __VA_ARGS__)
#define PECS_E6_(T, f, ...) PECS_FIELD(T, f), PECS_E5_(T, __VA_ARGS__)
#define PECS_E7_(T, f, ...) PECS_FIELD(T, f), PECS_E6_(T, __VA_ARGS__)
#define PECS_E8_(T, f, ...) PECS_FIELD(T, f), PECS_E7_(T, __VA_ARGS__)
#define PECS_E9_(T, f, ...) PECS_FIELD(T, f), PECS_E8_(T, __VA_ARGS__)
#define PECS_E10_(T, f, ...) PECS_FIELD(T, f), PECS_E9_(T, __VA_ARGS__)
#define PECS_E11_(T, f, ...) PECS_FIELD(T, f), PECS_E10_(T, __VA_ARGS__)
#define PECS_E12_(T, f, ...) PECS_FIELD(T, f), PECS_E11_(T, __VA_ARGS__)
#define PECS_E13_(T, f, ...) PECS_FIELD(T, f), PECS_E12_(T, __VA_ARGS__)
#define PECS_E14_(T, f, ...) PECS_FIELD(T, f), PECS_E13_(T, __VA_ARGS__)
#define PECS_E15_(T, f, ...) PECS_FIELD(T, f), PECS_E14_(T, __VA_ARGS__)
#define PECS_E16_(T, f, ...) PECS_FIELD(T, f), PECS_E15_(T, __VA_ARGS__)
#define PECS_E17_(T, f, ...) PECS_FIELD(T, f), PECS_E16_(T, __VA_ARGS__)
#define PECS_E18_(T, f, ...) PECS_FIELD(T, f), PECS_E17_(T, __VA_ARGS__)
#define PECS_E19_(T, f, ...) PECS_FIELD(T, f), PECS_E18_(T, __VA_ARGS__)
#define PECS_E20_(T, f, ...) PECS_FIELD(T, f), PECS_E19_(T, __VA_ARGS__)
#define PECS_E21_(T, f, ...) PECS_FIELD(T, f), PECS_E20_(T, __VA_ARGS__)
#define PECS_E22_(T, f, ...) PECS_FIELD(T, f), PECS_E21_(T, __VA_ARGS__)
#define PECS_E23_(T, f, ...) PECS_FIELD(T, f), PECS_E22_(T, __VA_ARGS__)
#define PECS_E24_(T, f, ...) PECS_FIELD(T, f), PECS_E23_(T, __VA_ARGS__)
#define PECS_E25_(T, f, ...) PECS_FIELD(T, f), PECS_E24_(T, __VA_ARGS__)
#define PECS_E26_(T, f, ...) PECS_FIELD(T, f), PECS_E25_(T, __VA_ARGS__)
#define PECS_E27_(T, f, ...) PECS_FIELD(T, f), PECS_E26_(T, __VA_ARGS__)
#define PECS_E28_(T, f, ...) PECS_FIELD(T, f), PECS_E27_(T, __VA_ARGS__)
#define PECS_E29_(T, f, ...) PECS_FIELD(T, f), PECS_E28_(T, __VA_ARGS__)
#define PECS_E30_(T, f, ...) PECS_FIELD(T, f), PECS_E29_(T, __VA_ARGS__)
#define PECS_E31_(T, f, ...) PECS_FIELD(T, f), PECS_E30_(T, __VA_ARGS__)
#define PECS_E32_(T, f, ...) PECS_FIELD(T, f), PECS_E31_(T, __VA_ARGS__)
#define PECS_E33_(T, f, ...) PECS_FIELD(T, f), PECS_E32_(T, __VA_ARGS__)
#define PECS_E34_(T, f, ...) PECS_FIELD(T, f), PECS_E33_(T, __VA_ARGS__)
#define PECS_E35_(T, f, ...) PECS_FIELD(T, f), PECS_E34_(T, __VA_ARGS__)
#define PECS_E36_(T, f, ...) PECS_FIELD(T, f), PECS_E35_(T, __VA_ARGS__)
#define PECS_E37_(T, f, ...) PECS_FIELD(T, f), PECS_E36_(T, __VA_ARGS__)
#define PECS_E38_(T, f, ...) PECS_FIELD(T, f), PECS_E37_(T, __VA_ARGS__)
#define PECS_E39_(T, f, ...) PECS_FIELD(T, f), PECS_E38_(T, __VA_ARGS__)
#define PECS_E40_(T, f, ...) PECS_FIELD(T, f), PECS_E39_(T, __VA_ARGS__)

/*
 * PECS_MAP_(M, a, b, ...) expands to M(a) M(b) ... for up to 1024 arguments. A round maps eight of them and leaves the
 * next round behind unexpanded; each PECS_SCAN_ expands what the one before it left. The list ends with (), the only
 * argument in parentheses.
 */
#define PECS_MAP_(M, ...) PECS_SCAN_(PECS_STEP0_(M, __VA_ARGS__, (), ()))
#define PECS_STEP0_(M, x, ...) PECS_IF_END_(x, PECS_STOP_, PECS_TAKE0_)(M, x, __VA_ARGS__)
#define PECS_STEP1_(M, x, ...) PECS_IF_END_(x, PECS_STOP_, PECS_TAKE1_)(M, x, __VA_ARGS__)
#define PECS_STEP2_(M, x, ...) PECS_IF_END_(x, PECS_STOP_, PECS_TAKE2_)(M, x, __VA_ARGS__)
#define PECS_STEP3_(M, x, ...) PECS_IF_END_(x, PECS_STOP_, PECS_TAKE3_)(M, x, __VA_ARGS__)
#define PECS_STEP4_(M, x, ...) PECS_IF_END_(x, PECS_STOP_, PECS_TAKE4_)(M, x, __VA_ARGS__)
#define PECS_STEP5_(M, x, ...) PECS_IF_END_(x, PECS_STOP_, PECS_TAKE5_)(M, x, __VA_ARGS__)
#define PECS_STEP6_(M, x, ...) PECS_IF_END_(x, PECS_STOP_, PECS_TAKE6_)(M, x, __VA_ARGS__)
#define PECS_STEP7_(M, x, ...) PECS_IF_END_(x, PECS_STOP_, PECS_TAKE7_)(M, x, __VA_ARGS__)
#define PECS_TAKE0_(M, x, ...) M(x) PECS_STEP1_(M, __VA_ARGS__)
#define PECS_TAKE1_(M, x, ...) M(x) PECS_STEP2_(M, __VA_ARGS__)
#define PECS_TAKE2_(M, x, ...) M(x) PECS_STEP3_(M, __VA_ARGS__)
#define PECS_TAKE3_(M, x, ...) M(x) PECS_STEP4_(M, __VA_ARGS__)
#define PECS_TAKE4_(M, x, ...) M(x) PECS_STEP5_(M, __VA_ARGS__)
#define PECS_TAKE5_(M, x, ...) M(x) PECS_STEP6_(M, __VA_ARGS__)
#define PECS_TAKE6_(M, x, ...) M(x) PECS_STEP7_(M, __VA_ARGS__)
#define PECS_TAKE7_(M, x, ...) M(x) PECS_AGAIN_ PECS_NOTHING_()()(M, __VA_ARGS__)
#define PECS_STOP_(M, x, ...)
#define PECS_AGAIN_() PECS_STEP0_
#define PECS_NOTHING_()
#define PECS_IF_END_(x, then, otherwise) PECS_THIRD_(PECS_IS_END_ x, then, otherwise, )
#define PECS_IS_END_() ,
#define PECS_THIRD_(...) PECS_THIRD_OF_(__VA_ARGS__)
#define PECS_THIRD_OF_(a, b, c, ...) c
#define PECS_SCAN_(...) PECS_SCAN3_(PECS_SCAN3_(PECS_SCAN3_(PECS_SCAN3_(__VA_ARGS__))))
#define PECS_SCAN3_(...) PECS_SCAN2_(PECS_SCAN2_(PECS_SCAN2_(PECS_SCAN2_(__VA_ARGS__))))
#define PECS_SCAN2_(...) PECS_SCAN1_(PECS_SCAN1_(PECS_SCAN1_(PECS_SCAN1_(__VA_ARGS__))))
#define PECS_SCAN1_(...) PECS_SCAN0_(PECS_SCAN0_(__VA_ARGS__))
#define PECS_SCAN0_(...) __VA_ARGS__

/* clang-format on */

#endif
